"""The names that emoji 0.6.0 gives to emojis of one character; names have changed since, and emojis were added.

BERTweet was pretrained on posts in which `demojize` of this very version had replaced the emojis. Made from the package
(the Python package emoji 0.6.0, BSD licence): every character that it replaces by a name.
"""

from __future__ import annotations

_TABLE = """
    © copyright ® registered ‼ double_exclamation_mark ⁉ exclamation_question_mark ™ trade_mark ℹ information
    ↔ left-right_arrow ↕ up-down_arrow ↖ up-left_arrow ↗ up-right_arrow ↘ down-right_arrow ↙ down-left_arrow
    ↩ right_arrow_curving_left ↪ left_arrow_curving_right ⌚ watch ⌛ hourglass_done ⌨ keyboard ⏏ eject_button
    ⏩ fast-forward_button ⏪ fast_reverse_button ⏫ fast_up_button ⏬ fast_down_button ⏭ next_track_button
    ⏮ last_track_button ⏯ play_or_pause_button ⏰ alarm_clock ⏱ stopwatch ⏲ timer_clock ⏳ hourglass_not_done
    ⏸ pause_button ⏹ stop_button ⏺ record_button Ⓜ circled_M ▪ black_small_square ▫ white_small_square
    ▶ play_button ◀ reverse_button ◻ white_medium_square ◼ black_medium_square ◽ white_medium-small_square
    ◾ black_medium-small_square ☀ sun ☁ cloud ☂ umbrella ☃ snowman ☄ comet ☎ telephone ☑ ballot_box_with_check
    ☔ umbrella_with_rain_drops ☕ hot_beverage ☘ shamrock ☝ index_pointing_up ☠ skull_and_crossbones
    ☢ radioactive ☣ biohazard ☦ orthodox_cross ☪ star_and_crescent ☮ peace_symbol ☯ yin_yang ☸ wheel_of_dharma
    ☹ frowning_face ☺ smiling_face ♀ female_sign ♂ male_sign ♈ Aries ♉ Taurus ♊ Gemini ♋ Cancer ♌ Leo
    ♍ Virgo ♎ Libra ♏ Scorpio ♐ Sagittarius ♑ Capricorn ♒ Aquarius ♓ Pisces ♟ chess_pawn ♠ spade_suit
    ♣ club_suit ♥ heart_suit ♦ diamond_suit ♨ hot_springs ♻ recycling_symbol ♾ infinity ♿ wheelchair_symbol
    ⚒ hammer_and_pick ⚓ anchor ⚔ crossed_swords ⚕ medical_symbol ⚖ balance_scale ⚗ alembic ⚙ gear
    ⚛ atom_symbol ⚜ fleur-de-lis ⚠ warning ⚡ high_voltage ⚪ white_circle ⚫ black_circle ⚰ coffin ⚱ funeral_urn
    ⚽ soccer_ball ⚾ baseball ⛄ snowman_without_snow ⛅ sun_behind_cloud ⛈ cloud_with_lightning_and_rain
    ⛎ Ophiuchus ⛏ pick ⛑ rescue_worker’s_helmet ⛓ chains ⛔ no_entry ⛪ church ⛰ mountain ⛱ umbrella_on_ground
    ⛲ fountain ⛳ flag_in_hole ⛴ ferry ⛵ sailboat ⛷ skier ⛸ ice_skate ⛹ person_bouncing_ball ⛺ tent
    ⛽ fuel_pump ✂ scissors ✅ white_heavy_check_mark ✈ airplane ✉ envelope ✊ raised_fist ✋ raised_hand
    ✌ victory_hand ✍ writing_hand ✏ pencil ✒ black_nib ✔ heavy_check_mark ✖ heavy_multiplication_x
    ✝ latin_cross ✡ star_of_David ✨ sparkles ✳ eight-spoked_asterisk ✴ eight-pointed_star ❄ snowflake ❇ sparkle
    ❌ cross_mark ❎ cross_mark_button ❓ question_mark ❔ white_question_mark ❕ white_exclamation_mark
    ❗ exclamation_mark ❣ heavy_heart_exclamation ❤ red_heart ➕ heavy_plus_sign ➖ heavy_minus_sign
    ➗ heavy_division_sign ➡ right_arrow ➰ curly_loop ➿ double_curly_loop ⤴ right_arrow_curving_up
    ⤵ right_arrow_curving_down ⬅ left_arrow ⬆ up_arrow ⬇ down_arrow ⬛ black_large_square ⬜ white_large_square
    ⭐ white_medium_star ⭕ heavy_large_circle 〰 wavy_dash 〽 part_alternation_mark
    ㊗ Japanese_congratulations_button ㊙ Japanese_secret_button 🀄 mahjong_red_dragon 🃏 joker
    🅰 A_button_(blood_type) 🅱 B_button_(blood_type) 🅾 O_button_(blood_type) 🅿 P_button 🆎 AB_button_(blood_type)
    🆑 CL_button 🆒 COOL_button 🆓 FREE_button 🆔 ID_button 🆕 NEW_button 🆖 NG_button 🆗 OK_button 🆘 SOS_button
    🆙 UP!_button 🆚 VS_button 🇦 regional_indicator_symbol_letter_a 🇧 regional_indicator_symbol_letter_b
    🇨 regional_indicator_symbol_letter_c 🇩 regional_indicator_symbol_letter_d 🇪 regional_indicator_symbol_letter_e
    🇫 regional_indicator_symbol_letter_f 🇬 regional_indicator_symbol_letter_g 🇭 regional_indicator_symbol_letter_h
    🇮 regional_indicator_symbol_letter_i 🇯 regional_indicator_symbol_letter_j 🇰 regional_indicator_symbol_letter_k
    🇱 regional_indicator_symbol_letter_l 🇲 regional_indicator_symbol_letter_m 🇳 regional_indicator_symbol_letter_n
    🇴 regional_indicator_symbol_letter_o 🇵 regional_indicator_symbol_letter_p 🇶 regional_indicator_symbol_letter_q
    🇷 regional_indicator_symbol_letter_r 🇸 regional_indicator_symbol_letter_s 🇹 regional_indicator_symbol_letter_t
    🇺 regional_indicator_symbol_letter_u 🇻 regional_indicator_symbol_letter_v 🇼 regional_indicator_symbol_letter_w
    🇽 regional_indicator_symbol_letter_x 🇾 regional_indicator_symbol_letter_y 🇿 regional_indicator_symbol_letter_z
    🈁 Japanese_here_button 🈂 Japanese_service_charge_button 🈚 Japanese_free_of_charge_button
    🈯 Japanese_reserved_button 🈲 Japanese_prohibited_button 🈳 Japanese_vacancy_button
    🈴 Japanese_passing_grade_button 🈵 Japanese_no_vacancy_button 🈶 Japanese_not_free_of_charge_button
    🈷 Japanese_monthly_amount_button 🈸 Japanese_application_button 🈹 Japanese_discount_button
    🈺 Japanese_open_for_business_button 🉐 Japanese_bargain_button 🉑 Japanese_acceptable_button 🌀 cyclone 🌁 foggy
    🌂 closed_umbrella 🌃 night_with_stars 🌄 sunrise_over_mountains 🌅 sunrise 🌆 cityscape_at_dusk 🌇 sunset
    🌈 rainbow 🌉 bridge_at_night 🌊 water_wave 🌋 volcano 🌌 milky_way 🌍 globe_showing_Europe-Africa
    🌎 globe_showing_Americas 🌏 globe_showing_Asia-Australia 🌐 globe_with_meridians 🌑 new_moon
    🌒 waxing_crescent_moon 🌓 first_quarter_moon 🌔 waxing_gibbous_moon 🌕 full_moon 🌖 waning_gibbous_moon
    🌗 last_quarter_moon 🌘 waning_crescent_moon 🌙 crescent_moon 🌚 new_moon_face 🌛 first_quarter_moon_face
    🌜 last_quarter_moon_face 🌝 full_moon_face 🌞 sun_with_face 🌟 glowing_star 🌠 shooting_star 🌡 thermometer
    🌤 sun_behind_small_cloud 🌥 sun_behind_large_cloud 🌦 sun_behind_rain_cloud 🌧 cloud_with_rain 🌨 cloud_with_snow
    🌩 cloud_with_lightning 🌪 tornado 🌫 fog 🌬 wind_face 🌭 hot_dog 🌮 taco 🌯 burrito 🌰 chestnut 🌱 seedling
    🌲 evergreen_tree 🌳 deciduous_tree 🌴 palm_tree 🌵 cactus 🌶 hot_pepper 🌷 tulip 🌸 cherry_blossom 🌹 rose
    🌺 hibiscus 🌻 sunflower 🌼 blossom 🌽 ear_of_corn 🌾 sheaf_of_rice 🌿 herb 🍀 four_leaf_clover 🍁 maple_leaf
    🍂 fallen_leaf 🍃 leaf_fluttering_in_wind 🍄 mushroom 🍅 tomato 🍆 eggplant 🍇 grapes 🍈 melon 🍉 watermelon
    🍊 tangerine 🍋 lemon 🍌 banana 🍍 pineapple 🍎 red_apple 🍏 green_apple 🍐 pear 🍑 peach 🍒 cherries
    🍓 strawberry 🍔 hamburger 🍕 pizza 🍖 meat_on_bone 🍗 poultry_leg 🍘 rice_cracker 🍙 rice_ball 🍚 cooked_rice
    🍛 curry_rice 🍜 steaming_bowl 🍝 spaghetti 🍞 bread 🍟 french_fries 🍠 roasted_sweet_potato 🍡 dango 🍢 oden
    🍣 sushi 🍤 fried_shrimp 🍥 fish_cake_with_swirl 🍦 soft_ice_cream 🍧 shaved_ice 🍨 ice_cream 🍩 doughnut
    🍪 cookie 🍫 chocolate_bar 🍬 candy 🍭 lollipop 🍮 custard 🍯 honey_pot 🍰 shortcake 🍱 bento_box 🍲 pot_of_food
    🍳 cooking 🍴 fork_and_knife 🍵 teacup_without_handle 🍶 sake 🍷 wine_glass 🍸 cocktail_glass 🍹 tropical_drink
    🍺 beer_mug 🍻 clinking_beer_mugs 🍼 baby_bottle 🍽 fork_and_knife_with_plate 🍾 bottle_with_popping_cork
    🍿 popcorn 🎀 ribbon 🎁 wrapped_gift 🎂 birthday_cake 🎃 jack-o-lantern 🎄 Christmas_tree 🎅 Santa_Claus
    🎆 fireworks 🎇 sparkler 🎈 balloon 🎉 party_popper 🎊 confetti_ball 🎋 tanabata_tree 🎌 crossed_flags
    🎍 pine_decoration 🎎 Japanese_dolls 🎏 carp_streamer 🎐 wind_chime 🎑 moon_viewing_ceremony 🎒 school_backpack
    🎓 graduation_cap 🎖 military_medal 🎗 reminder_ribbon 🎙 studio_microphone 🎚 level_slider 🎛 control_knobs
    🎞 film_frames 🎟 admission_tickets 🎠 carousel_horse 🎡 ferris_wheel 🎢 roller_coaster 🎣 fishing_pole
    🎤 microphone 🎥 movie_camera 🎦 cinema 🎧 headphone 🎨 artist_palette 🎩 top_hat 🎪 circus_tent 🎫 ticket
    🎬 clapper_board 🎭 performing_arts 🎮 video_game 🎯 direct_hit 🎰 slot_machine 🎱 pool_8_ball 🎲 game_die
    🎳 bowling 🎴 flower_playing_cards 🎵 musical_note 🎶 musical_notes 🎷 saxophone 🎸 guitar 🎹 musical_keyboard
    🎺 trumpet 🎻 violin 🎼 musical_score 🎽 running_shirt 🎾 tennis 🎿 skis 🏀 basketball 🏁 chequered_flag
    🏂 snowboarder 🏃 person_running 🏄 person_surfing 🏅 sports_medal 🏆 trophy 🏇 horse_racing 🏈 american_football
    🏉 rugby_football 🏊 person_swimming 🏋 person_lifting_weights 🏌 person_golfing 🏍 motorcycle 🏎 racing_car
    🏏 cricket_game 🏐 volleyball 🏑 field_hockey 🏒 ice_hockey 🏓 ping_pong 🏔 snow-capped_mountain 🏕 camping
    🏖 beach_with_umbrella 🏗 building_construction 🏘 houses 🏙 cityscape 🏚 derelict_house 🏛 classical_building
    🏜 desert 🏝 desert_island 🏞 national_park 🏟 stadium 🏠 house 🏡 house_with_garden 🏢 office_building
    🏣 Japanese_post_office 🏤 post_office 🏥 hospital 🏦 bank 🏧 ATM_sign 🏨 hotel 🏩 love_hotel 🏪 convenience_store
    🏫 school 🏬 department_store 🏭 factory 🏮 red_paper_lantern 🏯 Japanese_castle 🏰 castle 🏳 white_flag
    🏴 black_flag 🏵 rosette 🏷 label 🏸 badminton 🏹 bow_and_arrow 🏺 amphora 🏻 light_skin_tone
    🏼 medium_light_skin_tone 🏽 medium_skin_tone 🏾 medium_dark_skin_tone 🏿 dark_skin_tone 🐀 rat 🐁 mouse 🐂 ox
    🐃 water_buffalo 🐄 cow 🐅 tiger 🐆 leopard 🐇 rabbit 🐈 cat 🐉 dragon 🐊 crocodile 🐋 whale 🐌 snail 🐍 snake
    🐎 horse 🐏 ram 🐐 goat 🐑 ewe 🐒 monkey 🐓 rooster 🐔 chicken 🐕 dog 🐖 pig 🐗 boar 🐘 elephant 🐙 octopus
    🐚 spiral_shell 🐛 bug 🐜 ant 🐝 honeybee 🐞 lady_beetle 🐟 fish 🐠 tropical_fish 🐡 blowfish 🐢 turtle
    🐣 hatching_chick 🐤 baby_chick 🐥 front-facing_baby_chick 🐦 bird 🐧 penguin 🐨 koala 🐩 poodle 🐪 camel
    🐫 two-hump_camel 🐬 dolphin 🐭 mouse_face 🐮 cow_face 🐯 tiger_face 🐰 rabbit_face 🐱 cat_face 🐲 dragon_face
    🐳 spouting_whale 🐴 horse_face 🐵 monkey_face 🐶 dog_face 🐷 pig_face 🐸 frog_face 🐹 hamster_face 🐺 wolf_face
    🐻 bear_face 🐼 panda_face 🐽 pig_nose 🐾 paw_prints 🐿 chipmunk 👀 eyes 👁 eye 👂 ear 👃 nose 👄 mouth 👅 tongue
    👆 backhand_index_pointing_up 👇 backhand_index_pointing_down 👈 backhand_index_pointing_left
    👉 backhand_index_pointing_right 👊 oncoming_fist 👋 waving_hand 👌 OK_hand 👍 thumbs_up 👎 thumbs_down
    👏 clapping_hands 👐 open_hands 👑 crown 👒 woman’s_hat 👓 glasses 👔 necktie 👕 t-shirt 👖 jeans 👗 dress
    👘 kimono 👙 bikini 👚 woman’s_clothes 👛 purse 👜 handbag 👝 clutch_bag 👞 man’s_shoe 👟 running_shoe
    👠 high-heeled_shoe 👡 woman’s_sandal 👢 woman’s_boot 👣 footprints 👤 bust_in_silhouette 👥 busts_in_silhouette
    👦 boy 👧 girl 👨 man 👩 woman 👪 family 👫 man_and_woman_holding_hands 👬 two_men_holding_hands
    👭 two_women_holding_hands 👮 police_officer 👯 people_with_bunny_ears 👰 bride_with_veil 👱 blond-haired_person
    👲 man_with_Chinese_cap 👳 person_wearing_turban 👴 old_man 👵 old_woman 👶 baby 👷 construction_worker
    👸 princess 👹 ogre 👺 goblin 👻 ghost 👼 baby_angel 👽 alien 👾 alien_monster 👿 angry_face_with_horns 💀 skull
    💁 person_tipping_hand 💂 guard 💃 woman_dancing 💄 lipstick 💅 nail_polish 💆 person_getting_massage
    💇 person_getting_haircut 💈 barber_pole 💉 syringe 💊 pill 💋 kiss_mark 💌 love_letter 💍 ring 💎 gem_stone
    💏 kiss 💐 bouquet 💑 couple_with_heart 💒 wedding 💓 beating_heart 💔 broken_heart 💕 two_hearts
    💖 sparkling_heart 💗 growing_heart 💘 heart_with_arrow 💙 blue_heart 💚 green_heart 💛 yellow_heart
    💜 purple_heart 💝 heart_with_ribbon 💞 revolving_hearts 💟 heart_decoration 💠 diamond_with_a_dot 💡 light_bulb
    💢 anger_symbol 💣 bomb 💤 zzz 💥 collision 💦 sweat_droplets 💧 droplet 💨 dashing_away 💩 pile_of_poo
    💪 flexed_biceps 💫 dizzy 💬 speech_balloon 💭 thought_balloon 💮 white_flower 💯 hundred_points 💰 money_bag
    💱 currency_exchange 💲 heavy_dollar_sign 💳 credit_card 💴 yen_banknote 💵 dollar_banknote 💶 euro_banknote
    💷 pound_banknote 💸 money_with_wings 💹 chart_increasing_with_yen 💺 seat 💻 laptop_computer 💼 briefcase
    💽 computer_disk 💾 floppy_disk 💿 optical_disk 📀 dvd 📁 file_folder 📂 open_file_folder 📃 page_with_curl
    📄 page_facing_up 📅 calendar 📆 tear-off_calendar 📇 card_index 📈 chart_increasing 📉 chart_decreasing
    📊 bar_chart 📋 clipboard 📌 pushpin 📍 round_pushpin 📎 paperclip 📏 straight_ruler 📐 triangular_ruler
    📑 bookmark_tabs 📒 ledger 📓 notebook 📔 notebook_with_decorative_cover 📕 closed_book 📖 open_book 📗 green_book
    📘 blue_book 📙 orange_book 📚 books 📛 name_badge 📜 scroll 📝 memo 📞 telephone_receiver 📟 pager 📠 fax_machine
    📡 satellite_antenna 📢 loudspeaker 📣 megaphone 📤 outbox_tray 📥 inbox_tray 📦 package 📧 e-mail
    📨 incoming_envelope 📩 envelope_with_arrow 📪 closed_mailbox_with_lowered_flag 📫 closed_mailbox_with_raised_flag
    📬 open_mailbox_with_raised_flag 📭 open_mailbox_with_lowered_flag 📮 postbox 📯 postal_horn 📰 newspaper
    📱 mobile_phone 📲 mobile_phone_with_arrow 📳 vibration_mode 📴 mobile_phone_off 📵 no_mobile_phones
    📶 antenna_bars 📷 camera 📸 camera_with_flash 📹 video_camera 📺 television 📻 radio 📼 videocassette
    📽 film_projector 📿 prayer_beads 🔀 shuffle_tracks_button 🔁 repeat_button 🔂 repeat_single_button
    🔃 clockwise_vertical_arrows 🔄 counterclockwise_arrows_button 🔅 dim_button 🔆 bright_button 🔇 muted_speaker
    🔈 speaker_low_volume 🔉 speaker_medium_volume 🔊 speaker_high_volume 🔋 battery 🔌 electric_plug
    🔍 magnifying_glass_tilted_left 🔎 magnifying_glass_tilted_right 🔏 locked_with_pen 🔐 locked_with_key 🔑 key
    🔒 locked 🔓 unlocked 🔔 bell 🔕 bell_with_slash 🔖 bookmark 🔗 link 🔘 radio_button 🔙 BACK_arrow 🔚 END_arrow
    🔛 ON!_arrow 🔜 SOON_arrow 🔝 TOP_arrow 🔞 no_one_under_eighteen 🔟 keycap_10 🔠 input_latin_uppercase
    🔡 input_latin_lowercase 🔢 input_numbers 🔣 input_symbols 🔤 input_latin_letters 🔥 fire 🔦 flashlight 🔧 wrench
    🔨 hammer 🔩 nut_and_bolt 🔪 kitchen_knife 🔫 pistol 🔬 microscope 🔭 telescope 🔮 crystal_ball
    🔯 dotted_six-pointed_star 🔰 Japanese_symbol_for_beginner 🔱 trident_emblem 🔲 black_square_button
    🔳 white_square_button 🔴 red_circle 🔵 blue_circle 🔶 large_orange_diamond 🔷 large_blue_diamond
    🔸 small_orange_diamond 🔹 small_blue_diamond 🔺 red_triangle_pointed_up 🔻 red_triangle_pointed_down
    🔼 upwards_button 🔽 downwards_button 🕉 om 🕊 dove 🕋 kaaba 🕌 mosque 🕍 synagogue 🕎 menorah 🕐 one_o’clock
    🕑 two_o’clock 🕒 three_o’clock 🕓 four_o’clock 🕔 five_o’clock 🕕 six_o’clock 🕖 seven_o’clock
    🕗 eight_o’clock 🕘 nine_o’clock 🕙 ten_o’clock 🕚 eleven_o’clock 🕛 twelve_o’clock 🕜 one-thirty
    🕝 two-thirty 🕞 three-thirty 🕟 four-thirty 🕠 five-thirty 🕡 six-thirty 🕢 seven-thirty 🕣 eight-thirty
    🕤 nine-thirty 🕥 ten-thirty 🕦 eleven-thirty 🕧 twelve-thirty 🕯 candle 🕰 mantelpiece_clock 🕳 hole
    🕴 man_in_suit_levitating 🕵 detective 🕶 sunglasses 🕷 spider 🕸 spider_web 🕹 joystick 🕺 man_dancing
    🖇 linked_paperclips 🖊 pen 🖋 fountain_pen 🖌 paintbrush 🖍 crayon 🖐 hand_with_fingers_splayed 🖕 middle_finger
    🖖 vulcan_salute 🖤 black_heart 🖥 desktop_computer 🖨 printer 🖱 computer_mouse 🖲 trackball 🖼 framed_picture
    🗂 card_index_dividers 🗃 card_file_box 🗄 file_cabinet 🗑 wastebasket 🗒 spiral_notepad 🗓 spiral_calendar
    🗜 clamp 🗝 old_key 🗞 rolled-up_newspaper 🗡 dagger 🗣 speaking_head 🗨 left_speech_bubble 🗯 right_anger_bubble
    🗳 ballot_box_with_ballot 🗺 world_map 🗻 mount_fuji 🗼 Tokyo_tower 🗽 Statue_of_Liberty 🗾 map_of_Japan 🗿 moai
    😀 grinning_face 😁 beaming_face_with_smiling_eyes 😂 face_with_tears_of_joy 😃 grinning_face_with_big_eyes
    😄 grinning_face_with_smiling_eyes 😅 grinning_face_with_sweat 😆 grinning_squinting_face
    😇 smiling_face_with_halo 😈 smiling_face_with_horns 😉 winking_face 😊 smiling_face_with_smiling_eyes
    😋 face_savoring_food 😌 relieved_face 😍 smiling_face_with_heart-eyes 😎 smiling_face_with_sunglasses
    😏 smirking_face 😐 neutral_face 😑 expressionless_face 😒 unamused_face 😓 downcast_face_with_sweat
    😔 pensive_face 😕 confused_face 😖 confounded_face 😗 kissing_face 😘 face_blowing_a_kiss
    😙 kissing_face_with_smiling_eyes 😚 kissing_face_with_closed_eyes 😛 face_with_tongue 😜 winking_face_with_tongue
    😝 squinting_face_with_tongue 😞 disappointed_face 😟 worried_face 😠 angry_face 😡 pouting_face 😢 crying_face
    😣 persevering_face 😤 face_with_steam_from_nose 😥 sad_but_relieved_face 😦 frowning_face_with_open_mouth
    😧 anguished_face 😨 fearful_face 😩 weary_face 😪 sleepy_face 😫 tired_face 😬 grimacing_face
    😭 loudly_crying_face 😮 face_with_open_mouth 😯 hushed_face 😰 anxious_face_with_sweat 😱 face_screaming_in_fear
    😲 astonished_face 😳 flushed_face 😴 sleeping_face 😵 dizzy_face 😶 face_without_mouth 😷 face_with_medical_mask
    😸 grinning_cat_face_with_smiling_eyes 😹 cat_face_with_tears_of_joy 😺 grinning_cat_face
    😻 smiling_cat_face_with_heart-eyes 😼 cat_face_with_wry_smile 😽 kissing_cat_face 😾 pouting_cat_face
    😿 crying_cat_face 🙀 weary_cat_face 🙁 slightly_frowning_face 🙂 slightly_smiling_face 🙃 upside-down_face
    🙄 face_with_rolling_eyes 🙅 person_gesturing_NO 🙆 person_gesturing_OK 🙇 person_bowing 🙈 see-no-evil_monkey
    🙉 hear-no-evil_monkey 🙊 speak-no-evil_monkey 🙋 person_raising_hand 🙌 raising_hands 🙍 person_frowning
    🙎 person_pouting 🙏 folded_hands 🚀 rocket 🚁 helicopter 🚂 locomotive 🚃 railway_car 🚄 high-speed_train
    🚅 bullet_train 🚆 train 🚇 metro 🚈 light_rail 🚉 station 🚊 tram 🚋 tram_car 🚌 bus 🚍 oncoming_bus
    🚎 trolleybus 🚏 bus_stop 🚐 minibus 🚑 ambulance 🚒 fire_engine 🚓 police_car 🚔 oncoming_police_car 🚕 taxi
    🚖 oncoming_taxi 🚗 automobile 🚘 oncoming_automobile 🚙 sport_utility_vehicle 🚚 delivery_truck
    🚛 articulated_lorry 🚜 tractor 🚝 monorail 🚞 mountain_railway 🚟 suspension_railway 🚠 mountain_cableway
    🚡 aerial_tramway 🚢 ship 🚣 person_rowing_boat 🚤 speedboat 🚥 horizontal_traffic_light 🚦 vertical_traffic_light
    🚧 construction 🚨 police_car_light 🚩 triangular_flag 🚪 door 🚫 prohibited 🚬 cigarette 🚭 no_smoking
    🚮 litter_in_bin_sign 🚯 no_littering 🚰 potable_water 🚱 non-potable_water 🚲 bicycle 🚳 no_bicycles
    🚴 person_biking 🚵 person_mountain_biking 🚶 person_walking 🚷 no_pedestrians 🚸 children_crossing 🚹 men’s_room
    🚺 women’s_room 🚻 restroom 🚼 baby_symbol 🚽 toilet 🚾 water_closet 🚿 shower 🛀 person_taking_bath 🛁 bathtub
    🛂 passport_control 🛃 customs 🛄 baggage_claim 🛅 left_luggage 🛋 couch_and_lamp 🛌 person_in_bed
    🛍 shopping_bags 🛎 bellhop_bell 🛏 bed 🛐 place_of_worship 🛑 stop_sign 🛒 shopping_cart 🛕 hindu_temple
    🛠 hammer_and_wrench 🛡 shield 🛢 oil_drum 🛣 motorway 🛤 railway_track 🛥 motor_boat 🛩 small_airplane
    🛫 airplane_departure 🛬 airplane_arrival 🛰 satellite 🛳 passenger_ship 🛴 kick_scooter 🛵 motor_scooter 🛶 canoe
    🛷 sled 🛸 flying_saucer 🛹 skateboard 🛺 auto_rickshaw 🟠 orange_circle 🟡 yellow_circle 🟢 green_circle
    🟣 purple_circle 🟤 brown_circle 🟥 red_square 🟦 blue_square 🟧 orange_square 🟨 yellow_square 🟩 green_square
    🟪 purple_square 🟫 brown_square 🤍 white_heart 🤎 brown_heart 🤏 pinching_hand 🤐 zipper-mouth_face
    🤑 money-mouth_face 🤒 face_with_thermometer 🤓 nerd_face 🤔 thinking_face 🤕 face_with_head-bandage 🤖 robot_face
    🤗 hugging_face 🤘 sign_of_the_horns 🤙 call_me_hand 🤚 raised_back_of_hand 🤛 left-facing_fist
    🤜 right-facing_fist 🤝 handshake 🤞 crossed_fingers 🤟 love-you_gesture 🤠 cowboy_hat_face 🤡 clown_face
    🤢 nauseated_face 🤣 rolling_on_the_floor_laughing 🤤 drooling_face 🤥 lying_face 🤦 person_facepalming
    🤧 sneezing_face 🤨 face_with_raised_eyebrow 🤩 star-struck 🤪 zany_face 🤫 shushing_face
    🤬 face_with_symbols_on_mouth 🤭 face_with_hand_over_mouth 🤮 face_vomiting 🤯 exploding_head 🤰 pregnant_woman
    🤱 breast-feeding 🤲 palms_up_together 🤳 selfie 🤴 prince 🤵 man_in_tuxedo 🤶 Mrs._Claus 🤷 person_shrugging
    🤸 person_cartwheeling 🤹 person_juggling 🤺 person_fencing 🤼 people_wrestling 🤽 person_playing_water_polo
    🤾 person_playing_handball 🤿 diving_mask 🥀 wilted_flower 🥁 drum 🥂 clinking_glasses 🥃 tumbler_glass 🥄 spoon
    🥅 goal_net 🥇 1st_place_medal 🥈 2nd_place_medal 🥉 3rd_place_medal 🥊 boxing_glove 🥋 martial_arts_uniform
    🥌 curling_stone 🥍 lacrosse 🥎 softball 🥏 flying_disc 🥐 croissant 🥑 avocado 🥒 cucumber 🥓 bacon 🥔 potato
    🥕 carrot 🥖 baguette_bread 🥗 green_salad 🥘 shallow_pan_of_food 🥙 stuffed_flatbread 🥚 egg 🥛 glass_of_milk
    🥜 peanuts 🥝 kiwi_fruit 🥞 pancakes 🥟 dumpling 🥠 fortune_cookie 🥡 takeout_box 🥢 chopsticks 🥣 bowl_with_spoon
    🥤 cup_with_straw 🥥 coconut 🥦 broccoli 🥧 pie 🥨 pretzel 🥩 cut_of_meat 🥪 sandwich 🥫 canned_food
    🥬 leafy_green 🥭 mango 🥮 moon_cake 🥯 bagel 🥰 smiling_face_with_3_hearts 🥱 yawning_face 🥳 partying_face
    🥴 woozy_face 🥵 hot_face 🥶 cold_face 🥺 pleading_face 🥻 sari 🥼 lab_coat 🥽 goggles 🥾 hiking_boot 🥿 flat_shoe
    🦀 crab 🦁 lion_face 🦂 scorpion 🦃 turkey 🦄 unicorn_face 🦅 eagle 🦆 duck 🦇 bat 🦈 shark 🦉 owl 🦊 fox_face
    🦋 butterfly 🦌 deer 🦍 gorilla 🦎 lizard 🦏 rhinoceros 🦐 shrimp 🦑 squid 🦒 giraffe 🦓 zebra 🦔 hedgehog
    🦕 sauropod 🦖 T-Rex 🦗 cricket 🦘 kangaroo 🦙 llama 🦚 peacock 🦛 hippopotamus 🦜 parrot 🦝 raccoon 🦞 lobster
    🦟 mosquito 🦠 microbe 🦡 badger 🦢 swan 🦥 sloth 🦦 otter 🦧 orangutan 🦨 skunk 🦩 flamingo 🦪 oyster
    🦮 guide_dog 🦯 probing_cane 🦰 red_hair 🦱 curly_hair 🦲 bald 🦳 white_hair 🦴 bone 🦵 leg 🦶 foot 🦷 tooth
    🦸 superhero 🦹 supervillain 🦺 safety_vest 🦻 ear_with_hearing_aid 🦼 motorized_wheelchair 🦽 manual_wheelchair
    🦾 mechanical_arm 🦿 mechanical_leg 🧀 cheese_wedge 🧁 cupcake 🧂 salt 🧃 beverage_box 🧄 garlic 🧅 onion
    🧆 falafel 🧇 waffle 🧈 butter 🧉 mate 🧊 ice 🧍 person_standing 🧎 person_kneeling 🧏 deaf_person
    🧐 face_with_monocle 🧑 adult 🧒 child 🧓 older_adult 🧔 bearded_person 🧕 woman_with_headscarf
    🧖 person_in_steamy_room 🧗 person_climbing 🧘 person_in_lotus_position 🧙 mage 🧚 fairy 🧛 vampire 🧜 merperson
    🧝 elf 🧞 genie 🧟 zombie 🧠 brain 🧡 orange_heart 🧢 billed_cap 🧣 scarf 🧤 gloves 🧥 coat 🧦 socks
    🧧 red_envelope 🧨 firecracker 🧩 jigsaw 🧪 test_tube 🧫 petri_dish 🧬 dna 🧭 compass 🧮 abacus
    🧯 fire_extinguisher 🧰 toolbox 🧱 brick 🧲 magnet 🧳 luggage 🧴 lotion_bottle 🧵 thread 🧶 yarn 🧷 safety_pin
    🧸 teddy_bear 🧹 broom 🧺 basket 🧻 roll_of_paper 🧼 soap 🧽 sponge 🧾 receipt 🧿 nazar_amulet 🩰 ballet_shoes
    🩱 one-piece_swimsuit 🩲 briefs 🩳 shorts 🩸 drop_of_blood 🩹 adhesive_bandage 🩺 stethoscope 🪀 yo-yo 🪁 kite
    🪂 parachute 🪐 ringed_planet 🪑 chair 🪒 razor 🪓 axe 🪔 diya_lamp 🪕 banjo
"""

EMOJI_NAMES: dict[str, str] = dict(zip(_TABLE.split()[::2], _TABLE.split()[1::2], strict=True))
"""Name, without the colons around it, by character."""
